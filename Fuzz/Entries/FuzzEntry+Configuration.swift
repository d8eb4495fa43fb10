import Node

extension FuzzEntry {
    /// Whatever a configuration file holds is read to its end: mistakes stand in it where the file
    /// has a line, and the same file gives the same answer.
    public static func configuration(_ input: [UInt8]) {
        let text = ConfigurationText(input)
        let lines = input.count { $0 == 0x0a } + 1
        for mistake in text.mistakes {
            guard case .file(let place) = mistake.source else { continue }
            require((1...lines).contains(place.line), "a mistake outside the file")
            require((1...input.count + 1).contains(place.column), "a mistake beside the file")
        }
        let mistakes = NodeProgram.mistakes(inConfiguration: input)
        require(mistakes.count >= text.mistakes.count, "a mistake was forgotten")
        require(mistakes == NodeProgram.mistakes(inConfiguration: input), "two answers")
    }
}
