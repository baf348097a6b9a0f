import type { Node } from './ProcessTree.tsx'

/** A command line without the program that stands before its name already. */
export function argumentsOf({ name, command }: Pick<Node, 'name' | 'command'>): string {
  if (command === undefined) return ''
  const [, quoted, plain] = /^"([^"]*)"|^(\S+)/.exec(command) ?? []
  const program = quoted ?? plain
  if (program === undefined || program.split(/[\\/]/).at(-1)?.toLowerCase() !== name?.toLowerCase()) return command
  return command.slice((quoted === undefined ? 0 : 2) + program.length).trimStart()
}

/** What is not known of a process's parent, in words. */
export function goneWords({ gone, uncertain, ppid, chain }: Pick<Node, 'gone' | 'uncertain' | 'ppid' | 'chain'>) {
  const told = chain === undefined ? '' : `, told as ${chain}`
  if (gone === 'missing') return `parent ${ppid} is not in this list${told}`
  if (gone === 'reused') return `parent ${ppid} is gone: its number belongs to a later process${told}`
  if (gone === 'loop') return 'its parents lead back to itself'
  if (uncertain === 'no start') return 'parent uncertain: no start time'
  return uncertain === 'several' ? `parent uncertain: several have the number ${ppid}` : undefined
}

/** `24 Nov 06:38:51`-like times shorten to date and time; anything else stays as it was sent. */
export function startWords(start: string | undefined) {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(start ?? '') ?? []
  return date && time ? `${date} ${time}` : (start ?? '')
}
