namespace Crescent.Cli.Json;

internal sealed record InspectJson(
    string Path,
    IReadOnlyList<string> Files,
    long Bytes,
    string? Architecture,
    string? Name,
    bool Supported,
    InspectShapeJson? Shape,
    IReadOnlyDictionary<string, long> BytesByRole,
    IReadOnlyDictionary<string, long> BytesByType,
    InspectResidentJson Resident,
    InspectSamplingJson Sampling,
    string? Template,
    IReadOnlyList<string> Notes,
    IReadOnlyList<InspectTensorJson> Tensors,
    IReadOnlyList<InspectMetadataJson> Metadata);

internal sealed record InspectShapeJson(int Layers, int Hidden, int Vocab, int ContextLength, long KvBytesPerToken, long StateBytesPerSequence);

internal sealed record InspectResidentJson(long MappedBytes, long KvBytesAtDefaultContext, int DefaultContext);

internal sealed record InspectSamplingJson(
    float Temperature, int TopK, float TopP, float MinP, float RepetitionPenalty, string Source);

internal sealed record InspectTensorJson(string Name, string Type, IReadOnlyList<long> Shape, long Bytes, string Role);

internal sealed record InspectMetadataJson(string Key, string Type, string Value);
