import Foundation

/// The server as it is packed.
func packageMeasurements() -> [Measurement] {
    [Measurement(name: "service.binary", run: packedBytes)]
}

/// Packs it as `make dist` does, and looks how large the stripped program is.
private func packedBytes() throws -> Row {
    let pack = Process()
    pack.executableURL = URL(filePath: "tools/dist.sh")
    pack.standardOutput = FileHandle.standardError
    try pack.run()
    pack.waitUntilExit()
    let folder = URL(filePath: ".build/dist")
    let packed = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { !$0.hasSuffix(".tar.gz") }.sorted()
    guard pack.terminationStatus == 0, let name = packed.last else {
        throw TransportFault.absent("packed server")
    }
    let program = folder.appending(path: "\(name)/fieldcast-node").path
    let size = try FileManager.default.attributesOfItem(atPath: program)[.size] as? Int ?? 0
    return Row(name: "service.binary", values: [Double(size) / 1e6], unit: "MB")
}
