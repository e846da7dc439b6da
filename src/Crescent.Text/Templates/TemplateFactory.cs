using Crescent.Text.Tokenizers;

namespace Crescent.Text.Templates;

/// <summary>Chooses a template: by name, or by what the vocabulary has markers for. A new template is one line in each list.</summary>
public static class TemplateFactory
{
    private static readonly Dictionary<string, Func<ChatTemplate>> s_byName = new(StringComparer.Ordinal)
    {
        ["kimi-k2"] = () => new KimiK2Template(thinking: false),
        ["kimi-k2-thinking"] = () => new KimiK2Template(thinking: true),
        ["chatml"] = () => new ChatMlTemplate(),
        ["llama-3"] = () => new Llama3Template(),
        ["harmony"] = () => new HarmonyTemplate(),
        ["deepseek-v3"] = () => new DeepSeekTemplate(DeepSeekVersion.V3),
        ["deepseek-r1"] = () => new DeepSeekTemplate(DeepSeekVersion.R1),
        ["deepseek-v3.1"] = () => new DeepSeekTemplate(DeepSeekVersion.V31),
        ["grok-2"] = () => new Grok2Template(),
        ["plain"] = () => new PlainTemplate(),
    };

    // The first whose markers the vocabulary all has; Kimi's also has Llama 3's header markers, so it stands first.
    private static readonly (string Name, string[] Markers)[] s_byMarkers =
    [
        ("kimi-k2-thinking", ["<|im_system|>", "<|im_middle|>", "<think>"]),
        ("kimi-k2", ["<|im_system|>", "<|im_middle|>"]),
        ("harmony", ["<|start|>", "<|channel|>", "<|message|>"]),
        ("deepseek-v3.1", ["<｜User｜>", "<｜Assistant｜>", "<｜search▁begin｜>", "<think>"]),
        ("deepseek-r1", ["<｜User｜>", "<｜Assistant｜>", "<think>"]),
        ("deepseek-v3", ["<｜User｜>", "<｜Assistant｜>"]),
        ("grok-2", ["<|separator|>", "<|eos|>"]),
        ("llama-3", ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
        ("chatml", ["<|im_start|>", "<|im_end|>"]),
    ];

    // Published as base models only, except for Grok-2.
    private static readonly string[] s_baseArchitectures = ["grok", "gpt2", "baichuan"];

    public static IReadOnlyList<string> Names { get; } = [.. s_byName.Keys];

    /// <exception cref="ArgumentException">No template has that name.</exception>
    public static ChatTemplate Create(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_byName.TryGetValue(name, out var create)
            ? create()
            : throw new ArgumentException($"no template is named \"{name}\"; there are {string.Join(", ", Names)}", nameof(name));
    }

    /// <summary>The template of a model's family, by the markers in its vocabulary; plain for a base model.</summary>
    /// <param name="architecture">general.architecture or model_type.</param>
    /// <param name="modelName">general.name, or the name of its folder: not every Kimi K2 Thinking names its markers.</param>
    public static ChatTemplate Detect(string? architecture, Tokenizer tokenizer, string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var isBase = s_baseArchitectures.Contains(architecture);
        foreach (var (name, markers) in s_byMarkers)
        {
            if ((!isBase || name == "grok-2") && markers.All(marker => tokenizer.FindMarker(marker) is not null))
            {
                var thinks = name == "kimi-k2" && modelName?.Contains("thinking", StringComparison.OrdinalIgnoreCase) == true;
                return Create(thinks ? "kimi-k2-thinking" : name);
            }
        }

        return Create("plain");
    }
}
