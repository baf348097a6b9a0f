import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { Copy } from '../../ui/Copy.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { typeWord } from './words.ts'

export type Artifact = Outputs['artifacts']['list']['rows'][number]

interface ArtifactTableProps {
  rows: Artifact[]
  withCase?: boolean
  actions?: ((row: Artifact) => ReactNode) | undefined
}

export function ArtifactTable({ rows, withCase, actions }: ArtifactTableProps) {
  const all = useAllTenants()
  const columns: Column<Artifact>[] = [
    { head: 'Type', cell: (row) => typeWord(row.artifactType) },
    {
      head: 'Value',
      wrap: true,
      cell: (row) => (
        <span className="row g4">
          <span style={{ overflowWrap: 'anywhere' }}>
            <Mono value={row.value} />
          </span>
          <Copy text={row.value} label="Copy value" />
        </span>
      ),
    },
    { head: 'Description', wrap: true, cell: (row) => row.description },
    ...(withCase
      ? [
          {
            head: 'Case',
            wrap: true,
            cell: (row: Artifact) => (
              <Link
                className="link"
                to="/cases/$id"
                params={{ id: String(row.caseId) }}
                search={{ tenant: all ? row.tenantId : undefined }}
              >
                {row.caseTitle}
              </Link>
            ),
          },
        ]
      : []),
    {
      head: 'Also in',
      cell: (row) =>
        row.otherCases === 0 ? (
          <span className="t3">no other case</span>
        ) : (
          <Link className="link" to="/artifacts" search={{ query: row.value }}>
            {plural(row.otherCases, 'other case')}
          </Link>
        ),
    },
    { head: 'Added (UTC)', cell: (row) => <Time at={row.createdAt} form="day" /> },
    ...(actions ? [{ head: '', label: 'Actions', cell: actions }] : []),
  ]
  return <List label="Artifacts" rows={rows} rowKey={(row) => row.id} columns={columns} />
}
