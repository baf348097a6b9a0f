import { useEffect, useState } from 'react'

/** Turns true after a while: what is quick should not flicker. */
export function useDelayed(milliseconds: number) {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), milliseconds)
    return () => clearTimeout(timer)
  }, [milliseconds])
  return passed
}
