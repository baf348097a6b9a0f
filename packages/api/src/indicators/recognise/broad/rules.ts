import { folded } from '../../../evidence/terms.ts'
import { addressKey, networkOf } from '../../../rows/language/addresses.ts'
import type { IndicatorKind } from '../../input.ts'

const emptyFile: Record<string, string> = {
  d41d8cd98f00b204e9800998ecf8427e: 'MD5',
  da39a3ee5e6b4b0d3255bfef95601890afd80709: 'SHA-1',
  e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855: 'SHA-256',
}

const resolvers = new Set(
  '8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 2001:4860:4860::8888 2606:4700:4700::1111'.split(
    ' ',
  ),
)

const sites = new Set(
  (
    'google.com microsoft.com windows.com windowsupdate.com live.com office.com office365.com outlook.com github.com apple.com ' +
    'amazon.com amazonaws.com cloudflare.com facebook.com youtube.com twitter.com linkedin.com wikipedia.org dropbox.com ' +
    'gmail.com yahoo.com bing.com akamai.net azure.com localhost example.com example.org example.net'
  ).split(' '),
)

const programs = new Set(
  (
    'svchost.exe explorer.exe cmd.exe powershell.exe lsass.exe services.exe csrss.exe winlogon.exe wininit.exe smss.exe ' +
    'rundll32.exe regsvr32.exe conhost.exe taskhostw.exe dllhost.exe wmiprvse.exe chrome.exe msedge.exe firefox.exe ' +
    'spoolsv.exe kernel32.dll ntdll.dll user32.dll system bash sh sshd systemd python.exe notepad.exe msiexec.exe'
  ).split(' '),
)

const people = new Set(['administrator', 'admin', 'root', 'system', 'guest', 'nt authority\\system', 'localsystem'])
const wellKnownSid = /^s-1-(?:[0-35]|5-(?:\d|1\d|20|32-5\d\d))$/
const privateNetworks = '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 fc00::/7 fe80::/10 ::1/128'
  .split(' ')
  .map((text) => networkOf(text)!)

/** Why an indicator stands in so much that a hit would say nothing; undefined where none is known. */
export function whyBroad({ kind, value }: { kind: IndicatorKind; value: string }): string | undefined {
  const text = folded(value).trim()
  if (Object.hasOwn(emptyFile, text)) return `The ${emptyFile[text]} of the empty file`
  if (/^(.)\1*$/.test(text) && ['md5', 'sha1', 'sha256', 'imphash'].includes(kind)) return 'Not a real hash'
  if (kind === 'ip') return addressFault(text)
  if (kind === 'cidr') return networkFault(text)
  if (kind === 'domain') {
    if (!text.replace(/^[.*]+/, '').includes('.')) return 'A whole top level domain'
    return sites.has(text) ? 'A site that nearly every host talks to' : undefined
  }
  if (kind === 'url' && /^https?:\/\/[^/]+\/?$/.test(text)) {
    const host = text.replace(/^https?:\/\/(?:www\.)?/, '').replace(/[/:].*$/, '')
    return sites.has(host) ? 'A site that nearly every host talks to' : undefined
  }
  if (kind === 'file_name' && programs.has(text)) return 'A program that stands on nearly every host'
  if (
    kind === 'file_path' &&
    /^[a-z]:\\(?:windows(?:\\system32)?\\?|users\\?|program files(?: \(x86\))?\\?)?$/.test(text)
  )
    return 'A folder that stands on nearly every host'
  if (kind === 'user' && people.has(text)) return 'An account that stands on nearly every host'
  if (kind === 'sid' && wellKnownSid.test(text)) return 'An identifier that stands on nearly every host'
  if (kind === 'other' && text.length < 4) return 'Too short to mean anything'
  return undefined
}

function addressFault(text: string) {
  if (resolvers.has(text)) return 'A public name server that nearly every host asks'
  if (['0.0.0.0', '255.255.255.255', '::'].includes(text)) return 'Not the address of a host'
  const key = addressKey(text)
  if (key && privateNetworks.some(({ low, high }) => key >= low && key <= high))
    return 'A private address: it is another host in each network'
  return undefined
}

function networkFault(text: string) {
  const bits = Number(text.slice(text.lastIndexOf('/') + 1))
  if (bits < (text.includes(':') ? 32 : 16)) return 'A very large network'
  return addressFault(text.slice(0, text.lastIndexOf('/')))
}
