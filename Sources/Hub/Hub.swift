/// Topics, audiences, catch-ups, ledger, presence. Pure: imports Wire alone.
import Wire
