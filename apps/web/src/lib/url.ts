import { parseSearchWith, stringifySearchWith, useNavigate } from '@tanstack/react-router'
import { z } from 'zod'

/** A text in the URL: the router reads `?q=8` as a number, and a wrong one must not break the page. */
export const textParam = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined)

/** JSON, but no number that would lose a digit: what a link asks for is evidence, and stays the text that it is. */
function exactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'number' && String(value) !== text) throw new Error('not exactly a number')
  return value
}

export const searchFormat = {
  parseSearch: parseSearchWith(exactly),
  stringifySearch: stringifySearchWith(JSON.stringify, exactly),
}

/** Changes some search parameters of the open page, whose list begins anew; typing replaces the history entry, choosing makes one. */
export function useSetSearch<T extends object>() {
  const navigate = useNavigate()
  return (patch: Partial<{ [K in keyof T]: T[K] | undefined }>, replace = false) =>
    void navigate({ to: '.', search: ((old: object) => ({ ...old, pages: undefined, ...patch })) as never, replace })
}
