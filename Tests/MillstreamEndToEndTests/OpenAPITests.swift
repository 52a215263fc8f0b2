// The served contract against the server, checked by somebody else's validators.

import Testing

@Suite struct OpenAPITests {
    @Test func theDocumentIsValidAndTheServerKeepsToIt() throws {
        guard let python = Requirement.clientPython() else { return }
        let server = try HeldKinds.server()
        let script = ServerProcess.packageRoot.appendingPathComponent(
            "Tests/MillstreamEndToEndTests/Clients/contract.py")
        let result = try FinishedProgram.run(
            python, [script.path, "http://127.0.0.1:\(server.port)"], withinSeconds: 300)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
