"""What is sealed is marked"""

import sqlalchemy as sa
from alembic import op

from campaign.records.base import Instant

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

TABLES = ('consent', 'consent_event', 'decision', 'disclosure', 'outcome')
WAITING = sa.text('sealed_at IS NULL')


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column('sealed_at', Instant(timezone=True), nullable=True))
        entry = f"SELECT sealed_at FROM chain_entry WHERE kind = '{table}' AND ref_id = {table}.id"
        op.execute(f'UPDATE {table} SET sealed_at = ({entry})')
        op.create_index(f'ix_{table}_unsealed', table, ['id'], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f'ix_{table}_unsealed', table_name=table)
        op.drop_column(table, 'sealed_at')
