const retries = 5
/** Deadlock, serialization failure, and a row that another transaction made first. */
const passing = new Set(['40P01', '40001', '23505'])

/** Runs the work again where the database asks for it. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = retries; ; tries--) {
    try {
      return await work()
    } catch (error) {
      if (tries === 0 || !passing.has((error as { code?: string }).code ?? '')) throw error
    }
  }
}
