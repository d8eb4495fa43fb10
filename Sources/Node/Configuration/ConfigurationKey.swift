/// Whether a changed key counts after a reload, or only after a restart.
enum KeyReload: String, Sendable {
    case live
    case restart
}

/// One key of the configuration: how it is read, written, explained.
struct ConfigurationKey<Root: Sendable>: Sendable {
    let name: String
    let reload: KeyReload
    /// One sentence for the reference and the example.
    let meaning: String
    let wants: String
    /// What the example shows where the default is that nothing is set.
    let sample: String?
    let put: @Sendable (inout Root, ConfigurationText.Item) throws(KeyRefusal) -> Void
    let written: @Sendable (Root) -> String?

    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ form: KeyForm<Value>,
        _ reload: KeyReload, sample: String? = nil, _ meaning: String
    ) {
        self.name = name
        self.reload = reload
        self.meaning = meaning
        self.sample = sample
        wants = form.wants
        put = { (root, item) throws(KeyRefusal) in
            do throws(KeyForm<Value>.Refusal) {
                root[keyPath: path] = try form.read(item)
            } catch {
                throw KeyRefusal(text: error.text, place: error.place)
            }
        }
        written = { form.write($0[keyPath: path]) }
    }
}

/// Why a value was not taken.
struct KeyRefusal: Error {
    let text: String
    let place: FilePlace?
}

/// A section of the configuration as the reference and the example show it.
struct SectionSummary: Sendable {
    struct Key: Sendable {
        let name: String
        let reload: KeyReload
        let meaning: String
        let wants: String
        /// As it would stand in a file; nil where nothing is set.
        let standard: String?
        let sample: String?
    }

    let name: String
    let isList: Bool
    let meaning: String
    let keys: [Key]

    init<Root>(
        _ name: String, isList: Bool = false, _ meaning: String, _ keys: [ConfigurationKey<Root>],
        of standard: Root
    ) {
        self.name = name
        self.isList = isList
        self.meaning = meaning
        self.keys = keys.map {
            Key(
                name: $0.name, reload: $0.reload, meaning: $0.meaning, wants: $0.wants,
                standard: $0.written(standard), sample: $0.sample)
        }
    }

    var header: String { isList ? "[[\(name)]]" : "[\(name)]" }
}
