import Transport

/// What compressing a message costs and saves by its size, with the options that are the default
/// except for the threshold, which these rows are there to set: a frame for everybody, compressed
/// once, against the same frame as it is. The messages are the beginning of the metrics document.
func deflateMeasurements(_ fixture: Fixture) -> [Measurement] {
    [64, 128, 192, 256, 384, 512, 1_024].flatMap { size -> [Measurement] in
        let message = Array(fixture.metrics.json.prefix(size))
        var options = DeflateOptions()
        options.thresholdBytes = 0
        guard let compressor = Compressor(options) else { return [] }
        let work = Contest(
            name: "transport.deflate.cpu.\(size)", peer: "not compressed",
            ours: { consume(Frame.server(message.span, binary: false, with: compressor)) },
            theirs: { consume(Frame.server(message.span, binary: false)) })
        let bytes = Measurement(name: "transport.deflate.bytes.\(size)") {
            let small = Frame.server(message.span, binary: false, with: compressor).count
            let plain = Frame.server(message.span, binary: false).count
            return Row(
                name: "transport.deflate.bytes.\(size)", values: [Double(small)], unit: "bytes",
                peer: "not compressed", ratio: Double(plain) / Double(small))
        }
        return [bytes, work.measurement]
    }
}
