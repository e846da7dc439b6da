using Crescent.Server.Models;

namespace Crescent.Server.Ollama.Wire;

/// <param name="Format">gguf or safetensors.</param>
/// <param name="Family">The model's architecture.</param>
internal sealed record ModelDetails(string Format, string Family)
{
    public string ParentModel { get; } = "";

    public IReadOnlyList<string> Families { get; } = [Family];

    public string ParameterSize { get; } = "";

    public string QuantizationLevel { get; } = "";

    public static ModelDetails Of(KnownModel model) =>
        new(model.Facts.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? "gguf" : "safetensors", model.Architecture);
}
