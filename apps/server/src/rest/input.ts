import { appRouter } from '@velocicompanion/api'
import { z } from 'zod'
import { camel, snake } from './words.ts'

export interface Property {
  type?: string
  enum?: string[]
  anyOf?: Property[]
}

export interface InputSchema {
  properties: Record<string, Property>
  required: string[]
}

type Procedures = Record<string, { _def: { inputs: z.ZodType[]; meta: { access: string } } }>
const procedures = appRouter._def.procedures as unknown as Procedures

export const accessOf = (procedure: string) => procedures[procedure]!._def.meta.access

/** What a procedure takes, by its own zod inputs; the tenant is named by `X-Tenant` here. */
export function inputOf(procedure: string): InputSchema {
  const parts = procedures[procedure]!._def.inputs.map(
    (input) => z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Partial<InputSchema>,
  )
  const properties = Object.assign({}, ...parts.map((part) => part.properties)) as InputSchema['properties']
  delete properties.tenant
  return { properties, required: parts.flatMap((part) => part.required ?? []) }
}

const wants = (property: Property, type: string): boolean =>
  property.type === type || (property.anyOf ?? []).some((one) => wants(one, type))

/** A text of a query or a path as the procedure's type; what does not fit stays text, and the procedure refuses it. */
function typed(text: unknown, property: Property): unknown {
  if (typeof text !== 'string') return text
  if (wants(property, 'integer') && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (wants(property, 'boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return property.enum && !property.enum.includes(text) && property.enum.includes(camel(text)) ? camel(text) : text
}

/** HTTP's strings and a body in snake_case as the procedure's input. Members that it does not know are left out. */
export function readInput(
  { properties }: InputSchema,
  { params, query, body }: { params: object; query: object; body: object },
): Record<string, unknown> {
  const texts: Record<string, unknown> = { ...query, ...params }
  const given = body as Record<string, unknown>
  const input: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(properties)) {
    const name = snake(key)
    if (name in texts) input[key] = typed(texts[name], property)
    else if (Object.hasOwn(given, name)) input[key] = given[name]
  }
  return input
}
