using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Text.Templates;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>The tools of one conversation, under the names they have there.</summary>
internal sealed class TaskToolset
{
    private readonly Dictionary<string, TaskTool> _tools; // by their own names, with the names of here
    private readonly Dictionary<string, string> _arguments; // own name -> name of here

    /// <param name="needed">Own names of the tools that must be on offer.</param>
    public TaskToolset(string[] needed, TrainingRandom random)
    {
        var isOwn = random.Next(5) < 2;
        _arguments = TaskTools.OtherArguments.ToDictionary(pair => pair.Key, pair => isOwn || random.Next(2) == 0 ? pair.Key : random.Pick(pair.Value));
        var others = TaskTools.All.Select(tool => tool.Name).Except(needed).ToArray();
        var more = isOwn ? others.Length : random.Next(others.Length + 1);
        more = needed.Length == 0 && random.Next(2) == 0 ? 0 : more; // talk needs no tools on offer
        string[] offered = [.. needed, .. random.Permutation(others.Length).Take(more).Select(i => others[i])];
        _tools = TaskTools.All.Where(tool => offered.Contains(tool.Name)).ToDictionary(tool => tool.Name, tool => isOwn ? tool : Renamed(tool, random));
        var hasDescriptions = isOwn || random.Next(2) == 0;
        ToolDefinition[] definitions = [.. _tools.Values.Select(tool => TaskTools.Definition(tool, hasDescriptions))];
        Offered = isOwn && random.Next(2) == 0 ? definitions : [.. random.Permutation(definitions.Length).Select(i => definitions[i])];
    }

    public ToolDefinition[] Offered { get; }

    /// <param name="tool">Own name of the tool.</param>
    /// <param name="index">Number of the call in the conversation.</param>
    /// <param name="arguments">By their own names; null values are left out.</param>
    public ToolCall Call(string tool, int index, params (string Name, object? Value)[] arguments)
    {
        var named = _tools[tool];
        var json = new JsonObject(arguments.Where(argument => argument.Value is not null).Select(argument => KeyValuePair.Create(
            _arguments[argument.Name], argument.Value is int number ? JsonValue.Create(number) : (JsonNode?)JsonValue.Create(argument.Value!.ToString()))));
        using var document = System.Text.Json.JsonDocument.Parse(json.ToJsonString());
        return ToolCall.FromJson(string.Create(CultureInfo.InvariantCulture, $"functions.{named.Name}:{index}"), named.Name, document.RootElement);
    }

    // Two arguments of one tool must not get the same name.
    private TaskTool Renamed(TaskTool tool, TrainingRandom random)
    {
        foreach (var argument in tool.Arguments)
        {
            if (tool.Arguments.Any(other => other != argument && _arguments[other.Name] == _arguments[argument.Name]))
            {
                _arguments[argument.Name] = argument.Name;
            }
        }

        return tool with
        {
            Name = random.Next(3) == 0 ? tool.Name : random.Pick(tool.OtherNames),
            Arguments = [.. tool.Arguments.Select(argument => argument with { Name = _arguments[argument.Name] })],
        };
    }
}
