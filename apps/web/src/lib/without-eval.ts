import { z } from 'zod'

// The content security policy refuses code made from text, and reports even the attempt; so it is not made.
z.config({ jitless: true })
