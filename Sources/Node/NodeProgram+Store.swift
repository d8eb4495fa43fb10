import Transport

/// `fieldcast-node store …`
extension NodeProgram {
    static func look(_ wish: NodeCommand.StoreWish) -> Int32 {
        do throws(StoreError) {
            switch wish {
            case .check(let file): return try check(file)
            case .info(let file):
                var survey = try StoreSurvey(file)
                let found = try survey.count()
                Process.write(
                    """
                    version       \(found.version)
                    topics        \(found.topics)
                    names         \(found.names)
                    dead letters  \(found.deadLetters)
                    revocations   \(found.revocations)
                    file          \(found.fileBytes) bytes
                    log           \(found.logBytes) bytes

                    """)
                return 0
            case .backup(let file, let target):
                try StoreBackup.copy(file, to: target)
                Process.write("\(target) holds \(StoreFiles.size(target) ?? 0) bytes\n")
                return 0
            }
        } catch {
            return fail(error.text)
        }
    }

    private static func check(_ file: String) throws(StoreError) -> Int32 {
        var survey = try StoreSurvey(file)
        let found = survey.check()
        for problem in found.problems { Process.write("\(file): \(problem)\n") }
        if found.problems.isEmpty {
            Process.write(
                "\(file) is sound: \(found.topics) topics, \(found.records) records behind their "
                    + "checkpoints, \(found.events) events, \(found.names) durable names\n")
            return 0
        }
        Process.write(
            "\(found.problems.count) problems; a node goes on serving the other topics. Put a "
                + "backup in its place, or publish these topics anew\n")
        return 1
    }
}
