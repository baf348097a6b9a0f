import { z } from 'zod'

export const mostDays = 36_500
export const days = z.number().int('Whole days').min(1, 'At least 1 day').max(mostDays, `At most ${mostDays} days`)
