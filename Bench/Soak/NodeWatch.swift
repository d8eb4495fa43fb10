import Foundation

/// What the system says of the node, second by second.
struct NodeWatch {
    let pid: Int32
    /// When, in seconds from the start, and how many resident bytes.
    private(set) var samples: [(time: Double, bytes: Double)] = []

    init(pid: Int32) { self.pid = pid }

    var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? -1
    }

    mutating func sample(at time: Double) {
        let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        guard let pages = text?.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { NodeSoak.fail("the node is gone") }
        samples.append((time, pages * 4_096))
    }

    /// The straight line through the last half: by which part of their mean it rises.
    var growth: Double {
        let half = samples.suffix(samples.count / 2)
        let count = Double(half.count)
        guard count > 1, let first = half.first, let last = half.last else { return 0 }
        let meanTime = half.reduce(0) { $0 + $1.time } / count
        let meanBytes = half.reduce(0) { $0 + $1.bytes } / count
        let along = half.reduce(0) { $0 + ($1.time - meanTime) * ($1.bytes - meanBytes) }
        let spread = half.reduce(0) { $0 + ($1.time - meanTime) * ($1.time - meanTime) }
        return along / spread * (last.time - first.time) / meanBytes
    }

    /// Resident megabytes along the way, ten times.
    var course: [Double] {
        guard samples.count >= 10 else { return [] }
        return (1...10).map { (samples[samples.count * $0 / 10 - 1].bytes / 1e4).rounded() / 100 }
    }

    /// In the middle of the last half's values.
    var residentBytes: Double {
        let half = samples.suffix(max(samples.count / 2, 1)).map(\.bytes).sorted()
        return half.isEmpty ? 0 : half[half.count / 2]
    }
}
