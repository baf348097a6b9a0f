import type { ReactNode } from 'react'
import { ForbiddenState, NotFoundState } from './QuietPage.tsx'
import { problemOf } from '../lib/problem.ts'
import { SkeletonRows } from './Skeleton.tsx'
import { ErrorState } from './states.tsx'

interface QueryLike<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

interface LoadedProps<T> {
  query: QueryLike<T>
  children: (data: T) => ReactNode
  /** In the exact shape of what comes. */
  skeleton?: ReactNode
}

/** One place for loading, failure and data. An old answer stays on screen while a newer one fails, and says so. */
export function Loaded<T>({ query, children, skeleton = <SkeletonRows /> }: LoadedProps<T>) {
  const { data, error } = query
  const retry = () => void query.refetch()
  if (data === undefined) {
    if (!error) return skeleton
    const { kind } = problemOf(error)
    if (kind === 'forbidden') return <ForbiddenState error={error} />
    if (kind === 'not_found') return <NotFoundState what={problemOf(error).what} />
    return <ErrorState error={error} retry={retry} />
  }
  return (
    <>
      {Boolean(error) && <ErrorState error={error} retry={retry} />}
      {children(data)}
    </>
  )
}
