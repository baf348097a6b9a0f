import { SegmentedControl, Switch, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { density, letterKeys } from '../../lib/prefs.ts'
import { setDensity, setLetterKeys } from '../preferences/useKeptLooks.ts'

/** Colours are kept in this browser, the rest with the account. */
export function Preferences() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const rows = density.use()
  const letters = letterKeys.use()
  return (
    <div className="col g12">
      <div className="row g12">
        <span className="t2" id="scheme" style={{ width: 110 }}>
          Colours
        </span>
        <SegmentedControl
          aria-labelledby="scheme"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </div>
      <div className="row g12">
        <span className="t2" id="density" style={{ width: 110 }}>
          Rows of grids
        </span>
        <SegmentedControl
          aria-labelledby="density"
          value={rows}
          onChange={(value) => setDensity(value as 'compact' | 'comfortable')}
          data={[
            { value: 'compact', label: 'Compact' },
            { value: 'comfortable', label: 'Comfortable' },
          ]}
        />
      </div>
      <Switch
        label="Single-letter keys"
        description="Everything stays reachable with Tab, Enter and the arrows."
        checked={letters === 'on'}
        onChange={(e) => setLetterKeys(e.currentTarget.checked ? 'on' : 'off')}
      />
    </div>
  )
}
