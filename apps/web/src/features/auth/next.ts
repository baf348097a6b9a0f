/** Only a path of our own: a link must not send somebody elsewhere after signing in. */
export const safeNext = (next: string | undefined) => (next && /^\/(?![/\\])\P{Cc}*$/u.test(next) ? next : '/')
