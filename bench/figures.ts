const rounded = (value: number) => Number(value.toPrecision(3))

/** The value below which this share of them lies. */
function quantile(values: number[], share: number) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Least, middle and greatest of the runs of one benchmark. */
export const spread = (values: number[]) => ({
  min: rounded(Math.min(...values)),
  median: rounded(quantile(values, 0.5)),
  max: rounded(Math.max(...values)),
})

/** Of many measurements, in milliseconds. */
export const latency = (values: number[]) => ({
  n: values.length,
  p50: rounded(quantile(values, 0.5)),
  p95: rounded(quantile(values, 0.95)),
  max: rounded(Math.max(...values)),
})

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>) {
  const began = performance.now()
  await work()
  return performance.now() - began
}
