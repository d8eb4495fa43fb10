import FuzzEntries

// The door through which libFuzzer calls. Why unsafe: it hands over a pointer and a length. The
// bound: exactly that length is copied before anything looks at it.

/// Chosen by name once: `FIELDCAST_FUZZ=json` before the program's own arguments.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe chosen.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let chosen = FuzzEntry.chosen
