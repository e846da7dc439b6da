namespace Crescent.Training.Runs;

/// <summary>A line of the log: one step.</summary>
/// <param name="Loss">Mean cross-entropy of the step's targets, nats.</param>
/// <param name="LargestLogits">[layers][heads]: largest attention logit.</param>
/// <param name="ExpertLoad">[layers with experts][experts]: tokens that chose each expert over an even share.</param>
public sealed record StepLog(
    int Step,
    long Tokens,
    double Loss,
    double BalanceLoss,
    float Rate,
    double GradientNorm,
    int ClippedHeads,
    bool Int4,
    double TokensPerSecond,
    double OperationsPerSecond,
    float[][] LargestLogits,
    float[][] ExpertLoad);

/// <summary>A line of the log: losses on what is held out, by source.</summary>
public sealed record EvaluationLog(int Step, Dictionary<string, double> HeldOutLoss);
