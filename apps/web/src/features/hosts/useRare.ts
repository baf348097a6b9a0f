import { useState } from 'react'
import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'

export interface Rare {
  field: string
  value: string
  rows: number
  hostsTotal: number
  hosts: string[]
  first: string
}

/** What is watched where nobody chose. */
export const usualFields = ['Hash.SHA256', '"Raddr.IP"', 'Name', 'TaskName', 'PathName']

const days = 7
const mostHosts = 5
/** So many of each field are looked up. */
const each = 6
const shown = 10
/** A page that is looked at again within this time asks nothing again. */
const staleTime = 5 * 60_000

interface Looked {
  /** Only rows of this query. */
  query?: string
  /** By the hosts that a value is on, or where it is one host by its rows. */
  order?: 'narrowest' | 'fewest'
}

/**
 * Values that rows of the last days have on the fewest hosts, each then looked up among all rows: kept are those that no row
 * of before holds anywhere. Two cheap questions for each field; no more than the page shows.
 */
export function useRare(fields: string[], { query = '', order = 'narrowest' }: Looked = {}) {
  const tenant = useTenant()
  // Rounded, so that another look asks the same and is answered from what is known.
  const [since] = useState(() => new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - days * 86_400_000))
  const from = since.toISOString()
  const stacks = trpc.useQueries((t) =>
    fields.map((field) =>
      t.rows.stack({ query, from, fields: [field], order, limit: each, ...tenant }, { staleTime, retry: false }),
    ),
  )
  const rare = stacks.flatMap(({ data }, i) =>
    (data?.values ?? []).flatMap(({ values: [value], hosts }) =>
      value && value.length <= 1000 && (query !== '' || hosts <= mostHosts) ? [{ field: fields[i]!, value }] : [],
    ),
  )
  const seen = trpc.useQueries((t) =>
    rare.map(({ value }) => t.values.seen({ value, limit: mostHosts, ...tenant }, { staleTime, retry: false })),
  )
  const rows = rare.flatMap(({ field, value }, i): Rare[] => {
    const data = seen[i]?.data
    if (!data || data.first === null || Date.parse(data.first) < since.getTime() || data.hostsTotal > mostHosts)
      return []
    const hosts = data.hosts.map(({ host }) => host)
    return [{ field, value, rows: data.rows, hostsTotal: data.hostsTotal, hosts, first: data.first }]
  })
  // A field of no source is no failure of the others.
  const failed = stacks.every(({ error }) => error) ? stacks[0]?.error : undefined
  return {
    since,
    mostHosts,
    looked: rare.length,
    rows: rows.toSorted((a, b) => a.hostsTotal - b.hostsTotal || (a.first < b.first ? 1 : -1)).slice(0, shown),
    isPending: [...stacks, ...seen].some(({ isPending }) => isPending),
    error: failed,
    refetch: () => stacks.map(({ refetch }) => void refetch()),
  }
}
