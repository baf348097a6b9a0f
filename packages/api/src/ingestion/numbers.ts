import type { Database } from '@velocicompanion/db'

/** Ids that a delivery of one block needs before its only round trip. */
export interface Numbers {
  take(): Promise<{ deliveryId: number; blockId: number }>
}

const atOnce = 64
/** Ids of blocks tell the month of receipt: none is kept for later. */
const goodFor = 60_000

/** Takes ids ahead, many at once. Those that are not used leave gaps, which nothing counts. */
export function numbers({ pool }: Database): Numbers {
  let held: { deliveryId: number; blockId: number }[] = []
  let until = 0
  let asking: Promise<void> | undefined
  const ask = async () => {
    const { rows } = await pool.query<{ deliveryId: number; blockId: number }>(
      `select nextval('deliveries_id_seq') as "deliveryId", next_block_id(now()) as "blockId" from generate_series(1, ${atOnce})`,
    )
    held = rows.reverse()
    until = performance.now() + goodFor
  }
  return {
    async take() {
      for (;;) {
        if (performance.now() > until) held = []
        const next = held.pop()
        if (next) return next
        asking ??= ask().finally(() => (asking = undefined))
        await asking
      }
    },
  }
}
