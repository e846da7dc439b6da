namespace Crescent.Training.Data.ToolTasks;

/// <summary>A tool of the made-up tasks.</summary>
/// <param name="OtherNames">Names that it goes by in some conversations.</param>
internal sealed record TaskTool(string Name, string Description, TaskArgument[] Arguments, string[] OtherNames);

/// <summary>An argument of a tool.</summary>
/// <param name="Type">Its JSON type.</param>
/// <param name="Values">What it may be; none: anything.</param>
internal sealed record TaskArgument(string Name, string Type, string Description, bool IsRequired = true, string[]? Values = null);
