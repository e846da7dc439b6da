namespace Crescent.Server.OpenAi;

/// <summary>Who decides whether tools are called.</summary>
internal enum ToolChoiceKind
{
    /// <summary>The model.</summary>
    Auto,

    /// <summary>No tool is called.</summary>
    None,

    /// <summary>At least one is.</summary>
    Required,

    /// <summary>A certain one is.</summary>
    Function,
}
