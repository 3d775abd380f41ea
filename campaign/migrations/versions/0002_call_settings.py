"""How the agent spoke and listened, and the parts of the summary, kept with each call"""

import sqlalchemy as sa
from alembic import op

import campaign.records.base

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('call', schema=None) as batch_op:
        for name in ('settings', 'digest'):
            batch_op.add_column(
                sa.Column(name, campaign.records.base.JSON_COLUMN, nullable=False, server_default=sa.text("'{}'"))
            )


def downgrade() -> None:
    with op.batch_alter_table('call', schema=None) as batch_op:
        batch_op.drop_column('digest')
        batch_op.drop_column('settings')
