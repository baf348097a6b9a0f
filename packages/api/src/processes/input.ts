import { z } from 'zod'

const id = z.number().int().positive()

export const processesInput = z.object({ hostId: id })

/** One list of processes: by its collection and source, or a log of process creations by its source alone. */
export const treeInput = z.object({
  hostId: id,
  collectionId: id.optional(),
  sourceId: id.optional(),
  /** The row whose process is looked for, `<collection>.<source>.<row>`. */
  row: z.string().max(60).optional(),
})
