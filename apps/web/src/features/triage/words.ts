import type { Mark } from '@velocicompanion/api/triage/input'

/** In the order of their keys, 0 to 4. */
export const markWords: Record<Mark, string> = {
  unseen: 'Unseen',
  seen: 'Seen',
  benign: 'Benign',
  suspicious: 'Suspicious',
  malicious: 'Malicious',
}

export const markOrder = Object.keys(markWords) as Mark[]
