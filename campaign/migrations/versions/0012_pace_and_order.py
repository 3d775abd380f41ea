"""How fast an account rings, and the order in which waiting leads are found"""

import sqlalchemy as sa
from alembic import op

import campaign.records.base

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'scheduled'")


def upgrade() -> None:
    op.create_table(
        'pace',
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('next_at', campaign.records.base.Instant(timezone=True), nullable=False),
        sa.Column('factor', sa.Float(), nullable=False),
        sa.Column('slow_in_a_row', sa.Integer(), nullable=False),
        sa.Column('eased_at', campaign.records.base.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('name'),
    )
    op.drop_index('ix_lead_due', table_name='lead')
    op.create_index(
        'ix_lead_due',
        'lead',
        ['campaign', 'priority', 'due_at'],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index('ix_lead_state', 'lead', ['state'])
    op.create_index('ix_attempt_from', 'attempt', ['from_number', 'intent_at'])
    op.create_index('ix_call_day', 'call', ['campaign', 'started_at'])


def downgrade() -> None:
    op.drop_index('ix_call_day', table_name='call')
    op.drop_index('ix_attempt_from', table_name='attempt')
    op.drop_index('ix_lead_state', table_name='lead')
    op.drop_index('ix_lead_due', table_name='lead')
    op.create_index('ix_lead_due', 'lead', ['state', 'priority', 'due_at'])
    op.drop_table('pace')
