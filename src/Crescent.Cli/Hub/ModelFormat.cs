namespace Crescent.Cli.Hub;

/// <summary>What kind of model a stored folder holds, told from the names of its files.</summary>
internal static class ModelFormat
{
    public static string Of(StoredModel? model) => model?.Files switch
    {
        null => "incomplete",
        var files when files.Any(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)) => "safetensors",
        var files when files.Any(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) => "gguf",
        var files when files.Any(file => file.Path.StartsWith("ckpt-0/", StringComparison.Ordinal)) => "grok",
        _ => "other",
    };

    /// <summary>Labels of the GGUF models that are whole.</summary>
    public static IReadOnlyList<string> Quants(StoredModel? model) =>
        [.. GgufModels.Among((model?.Files ?? []).Select(file => file.Path)).Where(gguf => gguf.IsWhole).Select(gguf => gguf.Label)];
}
