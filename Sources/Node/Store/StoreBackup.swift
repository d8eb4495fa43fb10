/// A copy of a store while a node goes on using it: the state of one moment, complete or not there.
enum StoreBackup {
    static func copy(_ path: String, to target: String) throws(StoreError) {
        if StoreFiles.areSame(path, target) {
            throw .failed(target, "that is the store itself; give the backup a file of its own")
        }
        // A node that serves the target would go on with a file that is gone.
        let lock: StoreFiles.Lock?
        do throws(StoreFiles.Lock.Refusal) {
            lock =
                StoreFiles.size(target + ".lock") == nil
                ? nil : try StoreFiles.Lock(target + ".lock")
        } catch {
            switch error {
            case .held: throw .held(target)
            case .system(let errno): throw .unreachable(target, errno)
            }
        }
        defer { withExtendedLifetime(lock) {} }
        let part = target + ".part"
        StoreFiles.remove(part)
        do throws(DatabaseError) {
            try fill(part, from: path)
        } catch {
            StoreFiles.remove(part)
            throw .database(path, error)
        }
        if let errno = StoreFiles.replace(target, with: part) {
            StoreFiles.remove(part)
            throw .failed(target, "cannot be put there (errno \(errno))")
        }
    }

    private static func fill(_ part: String, from path: String) throws(DatabaseError) {
        let source = try Database(path, .read)
        guard try Schema.number(source, "PRAGMA application_id") == Schema.mark else {
            throw DatabaseError(code: 26, message: "it is no store of Fieldcast")
        }
        let copy = try Database(part, .make)
        try source.copy(to: copy)
        // Who goes on from a copy has lost what came after it, and its versions would come again
        // with other changes: every topic begins another epoch (rule 19).
        try copy.run("UPDATE topics SET epoch = lower(hex(randomblob(8)))")
        // Without a write-ahead log the copy is one file, which can be carried away.
        try copy.run("PRAGMA journal_mode=DELETE")
    }
}
