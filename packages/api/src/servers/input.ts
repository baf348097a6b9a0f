import { z } from 'zod'

/** Where people open Velociraptor: `https://velo.example.com:8889`, also as copied from a browser's address line. */
export const guiUrl = z
  .string()
  .trim()
  .max(500)
  .transform((text, ctx) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (!url || !['https:', 'http:'].includes(url.protocol) || url.username || url.password) {
      ctx.addIssue({ code: 'custom', message: 'must be an address that begins with https:// or http://' })
      return z.NEVER
    }
    return url.origin + url.pathname.replace(/\/(app(\/index\.html)?\/?)?$/, '')
  })
