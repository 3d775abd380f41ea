"""Promises, calls that people place to us, and text messages"""

import sqlalchemy as sa
from alembic import op

from campaign.records.base import Instant

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('direction', sa.String(), nullable=False, server_default='outbound'))
    op.create_table('promise',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('lead_id', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('attempt_id', sa.String(), nullable=False),
    sa.Column('due_at', Instant(timezone=True), nullable=False),
    sa.Column('made_at', Instant(timezone=True), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('settled_at', Instant(timezone=True), nullable=True),
    sa.Column('late_s', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id']),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('attempt_id')
    )
    with op.batch_alter_table('promise', schema=None) as batch_op:
        batch_op.create_index('ix_promise_lead_id', ['lead_id'], unique=False)
        batch_op.create_index('ix_promise_open', ['state', 'due_at'], unique=False)
    op.create_table('inbound_call',
    sa.Column('call_sid', sa.String(), nullable=False),
    sa.Column('caller', sa.String(), nullable=False),
    sa.Column('called', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('lead_id', sa.String(), nullable=True),
    sa.Column('attempt_id', sa.String(), nullable=True),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('rung', sa.Integer(), nullable=False),
    sa.Column('at', Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id']),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id']),
    sa.PrimaryKeyConstraint('call_sid')
    )
    with op.batch_alter_table('inbound_call', schema=None) as batch_op:
        for name in ('caller', 'lead_id', 'attempt_id', 'at'):
            batch_op.create_index(f'ix_inbound_call_{name}', [name], unique=False)
    op.create_table('text_message',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('entity_id', sa.String(), nullable=False),
    sa.Column('lead_id', sa.String(), nullable=True),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('our_number', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('error_code', sa.Integer(), nullable=True),
    sa.Column('message_sid', sa.String(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('due_at', Instant(timezone=True), nullable=False),
    sa.Column('created_at', Instant(timezone=True), nullable=False),
    sa.Column('posted_at', Instant(timezone=True), nullable=True),
    sa.Column('told_at', Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('kind', 'entity_id'),
    sa.UniqueConstraint('message_sid')
    )
    with op.batch_alter_table('text_message', schema=None) as batch_op:
        batch_op.create_index('ix_text_message_lead_id', ['lead_id'], unique=False)
        batch_op.create_index('ix_text_message_phone', ['phone'], unique=False)
        batch_op.create_index('ix_text_message_due', ['state', 'due_at'], unique=False)


def downgrade() -> None:
    for table in ('text_message', 'inbound_call', 'promise'):
        op.drop_table(table)
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.drop_column('direction')
