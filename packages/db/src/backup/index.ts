export { backup } from './backup.ts'
export { BackupError } from './format.ts'
export { restore } from './restore.ts'
