"""Consent in full, what became of it, disclosures, scrubs, stand-ins for what was erased, and who changed what"""

import sqlalchemy as sa
from alembic import op

from campaign.records.base import JSON_COLUMN, Instant

revision = '0011'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hash_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('audit_entry',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('at', Instant(timezone=True), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('counts', JSON_COLUMN, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_audit_entry_at', 'audit_entry', ['at'])
    op.create_table('scrub',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('list', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('checked_at', Instant(timezone=True), nullable=False),
    sa.Column('as_of', Instant(timezone=True), nullable=False),
    sa.Column('list_version', sa.String(), nullable=False),
    sa.Column('result', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_scrub_phone', 'scrub', ['phone'])
    op.create_index('ix_scrub_checked_at', 'scrub', ['checked_at'])
    op.create_table('consent_event',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('consent_id', sa.String(), nullable=False),
    sa.Column('lead_id', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('at', Instant(timezone=True), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('attempt_id', sa.String(), nullable=True),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['consent_id'], ['consent.id'], ),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_consent_event_consent_id', 'consent_event', ['consent_id'])
    op.create_index('ix_consent_event_lead_id', 'consent_event', ['lead_id'])
    op.create_table('disclosure',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('lead_id', sa.String(), nullable=False),
    sa.Column('attempt_id', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('at', Instant(timezone=True), nullable=False),
    sa.Column('offset_ms', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('playbook_sha256', sa.String(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], ),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('attempt_id')
    )
    op.create_index('ix_disclosure_lead_id', 'disclosure', ['lead_id'])
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('channels', JSON_COLUMN, nullable=True))
        batch_op.add_column(sa.Column('period', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('purpose', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('certificate_vendor', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('more', JSON_COLUMN, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('consent', schema=None) as batch_op:
        for name in ('more', 'certificate_vendor', 'purpose', 'period', 'channels'):
            batch_op.drop_column(name)
    for table in ('disclosure', 'consent_event', 'scrub', 'audit_entry', 'hash_key'):
        op.drop_table(table)
