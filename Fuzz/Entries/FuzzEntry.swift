import Wire

/// What each fuzzer does with its input: says what must hold, and traps where it does not. The
/// tests feed them too, with the inputs that once failed and with whole ranges.
public enum FuzzEntry {
    /// The entries by the name of their folder under `Fuzz/Corpus` and `Fuzz/Regressions`.
    public static let all: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
        ("messagepack", { messagePack($0) }),
        ("json", { json($0) }),
        ("document", { document($0) }),
    ]

    static func require(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { fatalError(what()) }
    }
}
