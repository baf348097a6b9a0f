export interface Sort {
  /** A field as a query writes it. */
  by: string
  descending: boolean
}

/** Down, up, and back to the order by itself. */
export const nextSort = (sort: Sort | undefined, by: string): Sort | undefined =>
  sort?.by !== by ? { by, descending: false } : sort.descending ? undefined : { by, descending: true }

/** As an address has it: behind a minus for the largest first. */
export const readSort = (sort: string | undefined): Sort | undefined =>
  sort ? { by: sort.replace(/^-/, ''), descending: sort.startsWith('-') } : undefined

export const writeSort = (sort: Sort | undefined) => sort && `${sort.descending ? '-' : ''}${sort.by}`
