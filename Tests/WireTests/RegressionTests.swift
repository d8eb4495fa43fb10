import Foundation
import FuzzEntries
import Testing

/// Inputs that once failed, and the small corpora from which the fuzzers begin.
@Suite("Every input that ever failed") struct RegressionTests {
    private static func inputs(_ folder: String) -> [(String, [UInt8])] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fuzz/\(folder)").standardizedFileURL
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: root.path) else {
            return []
        }
        return names.sorted().compactMap { name in
            guard let data = try? Data(contentsOf: root.appending(path: name)) else { return nil }
            return (name, [UInt8](data))
        }
    }

    @Test("is handled today", arguments: FuzzEntry.all.map { $0.name })
    func replay(_ name: String) {
        guard let entry = FuzzEntry.all.first(where: { $0.name == name }) else { return }
        for (_, input) in RegressionTests.inputs("Regressions/\(name)") { entry.run(input) }
        for (_, input) in RegressionTests.inputs("Corpus/\(name)") { entry.run(input) }
        entry.run([])
    }
}
