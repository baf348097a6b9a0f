import { Modal } from '@mantine/core'
import type { Annotation } from './AnnotationDialog.tsx'
import { AnnotationLine } from './RowAnnotations.tsx'

/** One annotation as a whole. */
export const ShownAnnotation = ({ annotation, close }: { annotation: Annotation; close: () => void }) => (
  <Modal opened onClose={close} title={`Annotation of ${annotation.at}`} size={520}>
    <ul className="annotationlist">
      <AnnotationLine annotation={annotation} />
    </ul>
  </Modal>
)
