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
