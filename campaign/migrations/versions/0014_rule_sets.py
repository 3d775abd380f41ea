"""Calling rules as versions"""

import sqlalchemy as sa
from alembic import op

from campaign.records.base import Instant

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_set',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('document', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('published_at', Instant(timezone=True), nullable=False),
    sa.Column('published_by', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('diff', sa.String(), nullable=False),
    sa.Column('restores', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('number')
    )


def downgrade() -> None:
    op.drop_table('rule_set')
