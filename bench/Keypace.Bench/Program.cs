using BenchmarkDotNet.Running;
using Keypace.Bench;

if (args is ["wake", ..])
{
    await WakeUp.RunAsync(args is [_, var rounds] ? int.Parse(rounds, System.Globalization.CultureInfo.InvariantCulture) : 3);
    return;
}

BenchmarkSwitcher.FromTypes([typeof(Grant), typeof(Shared)]).Run(args);
