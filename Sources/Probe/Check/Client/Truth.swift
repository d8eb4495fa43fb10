internal import Wire

/// What the server that checks clients holds: one topic, and one view of it.
final class Truth {
    private(set) var document = Document()
    private var view: Document.ViewID
    private(set) var epoch: Text
    let print: Text = "5ca1ab1e0ddba115"
    /// By which frames name the view.
    let number: UInt64 = 6

    init(_ start: Map) {
        epoch = "epoch-one"
        view = Document.ViewID(bit: 0)
        begin(epoch, start)
    }

    /// Another epoch, in which versions begin anew.
    func begin(_ epoch: Text, _ start: Map) {
        self.epoch = epoch
        document = Document()
        if let view = document.addView(.everything) { self.view = view }
        change(Patch(set: start))
    }

    var version: UInt64 { document.version }
    var hash: ViewHash { document.hash(of: view) }
    var cursor: Cursor { Cursor(epoch: epoch, version: version, print: print) }

    func change(_ patch: Patch) {
        // The scripts' own patches are right.
        _ = try? document.apply(patch)
    }

    func set(_ map: Map) { change(Patch(set: map)) }

    func reaches(_ cursor: Cursor) -> Bool {
        cursor.epoch == epoch && cursor.print == print && document.reaches(cursor.version)
    }

    var snapshot: Snapshot {
        Snapshot(
            view: number, epoch: epoch, version: version, document: document.snapshot(of: view),
            hash: hash, definitions: document.definitions(after: 0, in: view))
    }

    /// The bytes of what leads from a version to now.
    func diff(from: UInt64, _ encoding: Encoding) -> [UInt8] {
        switch encoding {
        case .json:
            let content = document.diff(from: from, in: view)
            let diff = Diff(view: number, from: from, to: version, content: content)
            return Message.diff(diff).encoded(.json)
        case .messagePack:
            var writer = Writer()
            _ = document.writeDiff(from: from, in: view, number: number, to: &writer)
            return writer.bytes()
        }
    }
}
