using System.Text.Json;
using Crescent.Cli;
using Crescent.Text.Templates;

namespace Crescent.Tests.Support;

/// <summary>A random model of Kimi K2's shape with its tokenizer, as published, and two tools: for a class of tests.</summary>
public sealed class TinyKimi : IDisposable
{
    public const string Tools = """
        [
          {"type": "function", "function": {"name": "get_weather", "description": "Gives the weather.", "parameters": {"type": "object", "additionalProperties": false,
            "properties": {"city": {"type": "string", "maxLength": 5}, "unit": {"type": "string", "enum": ["celsius", "kelvin"]}}, "required": ["city", "unit"]}}},
          {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "additionalProperties": false,
            "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 99}, "b": {"type": "integer", "minimum": 0, "maximum": 99}}, "required": ["a", "b"]}}}
        ]
        """;

    private readonly TemporaryFolder _folder = new();

    public TinyKimi()
    {
        InProcess.Run("synth", "tiny-kimi-k2", Path, "--format", "safetensors", "--layers", "2", "--seed", "5").Succeeded();
        ToolFile = _folder.Write("tools.json", Tools);
    }

    public string Path => _folder["tiny-kimi"];

    /// <summary>A file with <see cref="Tools"/>.</summary>
    public string ToolFile { get; }

    /// <summary>The model as one that the program brings along, with its tools.</summary>
    internal BuiltInModel BuiltIn => new() { Folder = () => Path, Tools = () => [.. JsonDocument.Parse(Tools).RootElement.EnumerateArray().Select(tool => new ToolDefinition(tool))] };

    /// <summary>A file for a test.</summary>
    public string File(string name, string text) => _folder.Write(name, text);

    /// <summary>A place for a file.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Options that make the model begin a call, and end the calls after one, whatever else it likes.</summary>
    public string[] OneCall() => ["--logit-bias", $"{Token("<|tool_calls_section_begin|>")}=100", "--logit-bias", $"{Token("<|tool_calls_section_end|>")}=100"];

    /// <summary>Tokens of a conversation as <c>crescent render</c> counts them.</summary>
    /// <param name="messages">JSON of the messages.</param>
    /// <param name="tools">JSON of the tools; null for none.</param>
    public int Rendered(string messages, string? tools = null)
    {
        var request = File("request.json", $$"""{"messages": {{messages}}{{(tools is null ? "" : $", \"tools\": {tools}")}}}""");
        return InProcess.Run("render", Path, "--request", request).Json.GetProperty("ids").GetArrayLength();
    }

    public void Dispose() => _folder.Dispose();

    private int Token(string marker) => JsonAssert.Ints(InProcess.Run("tokenize", Path, "--special", "--text", marker).Json.GetProperty("ids"))[0];
}
