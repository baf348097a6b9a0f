import type { Migration } from 'kysely/migration'
import * as tenantsAndRoles from './0001_tenants_and_roles.ts'
import * as identity from './0002_identity.ts'
import * as hostsAndCollections from './0003_hosts_and_collections.ts'
import * as evidence from './0004_evidence.ts'
import * as cases from './0005_cases.ts'
import * as sourcesByKind from './0006_sources_by_kind.ts'
import * as unnumberedRows from './0007_unnumbered_rows.ts'
import * as flowsListed from './0008_flows_listed.ts'
import * as supersededRows from './0009_superseded_rows.ts'
import * as findBlocksByTerms from './0010_find_blocks_by_terms.ts'
import * as imports from './0011_imports.ts'
import * as rowsInOneRoundTrip from './0012_rows_in_one_round_trip.ts'
import * as retention from './0013_retention.ts'
import * as senders from './0014_senders.ts'
import * as importKeysAndMappings from './0015_import_keys_and_mappings.ts'
import * as searchByAnyTerm from './0017_search_by_any_term.ts'
import * as filtersOfGrams from './0028_filters_of_grams.ts'
import * as searchByGrams from './0018_search_by_grams.ts'
import * as rebuiltBlocks from './0019_rebuilt_blocks.ts'
import * as repeatsInOneRoundTrip from './0020_repeats_in_one_round_trip.ts'
import * as noStatisticsOfHashes from './0021_no_statistics_of_hashes.ts'
import * as preferencesAndNotes from './0023_preferences_and_notes.ts'
import * as exportsAndNotifications from './0024_exports_and_notifications.ts'
import * as savedSearches from './0025_saved_searches.ts'
import * as annotations from './0026_annotations.ts'
import * as indicators from './0029_indicators.ts'
import * as triage from './0030_triage.ts'
import * as benignRules from './0031_benign_rules.ts'
import * as benignChanges from './0033_benign_changes.ts'
import * as lookTermsUpApart from './0038_look_terms_up_apart.ts'

/** Every migration, in order. Names are frozen once released. */
export const migrations: Record<string, Migration> = {
  '0001_tenants_and_roles': tenantsAndRoles,
  '0002_identity': identity,
  '0003_hosts_and_collections': hostsAndCollections,
  '0004_evidence': evidence,
  '0005_cases': cases,
  '0006_sources_by_kind': sourcesByKind,
  '0007_unnumbered_rows': unnumberedRows,
  '0008_flows_listed': flowsListed,
  '0009_superseded_rows': supersededRows,
  '0010_find_blocks_by_terms': findBlocksByTerms,
  '0011_imports': imports,
  '0012_rows_in_one_round_trip': rowsInOneRoundTrip,
  '0013_retention': retention,
  '0014_senders': senders,
  '0015_import_keys_and_mappings': importKeysAndMappings,
  '0017_search_by_any_term': searchByAnyTerm,
  '0018_search_by_grams': searchByGrams,
  '0019_rebuilt_blocks': rebuiltBlocks,
  '0020_repeats_in_one_round_trip': repeatsInOneRoundTrip,
  '0021_no_statistics_of_hashes': noStatisticsOfHashes,
  '0023_preferences_and_notes': preferencesAndNotes,
  '0024_exports_and_notifications': exportsAndNotifications,
  '0025_saved_searches': savedSearches,
  '0026_annotations': annotations,
  '0028_filters_of_grams': filtersOfGrams,
  '0029_indicators': indicators,
  '0030_triage': triage,
  '0031_benign_rules': benignRules,
  '0033_benign_changes': benignChanges,
  '0038_look_terms_up_apart': lookTermsUpApart,
}
