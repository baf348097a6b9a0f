import { pino, type DestinationStream, type Logger } from 'pino'
import { faultOf } from './faults.ts'

/** One JSON line an event. Errors are masked and requests shown by their path, so that no value of a request or a row stands in it. */
export const openLog = (level: string, destination?: DestinationStream): Logger => {
  const serializers = {
    err: faultOf,
    req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split('?')[0] }),
  }
  return destination ? pino({ level, serializers }, destination) : pino({ level, serializers })
}
