using BenchmarkDotNet.Running;
using Keypace.Bench;

switch (args)
{
    case ["wake", ..]:
        await WakeUp.RunAsync(NumberOr(3));
        return;
    case ["load", ..]:
        await ManyKeys.LoadAsync(NumberOr(10));
        return;
    case ["line", ..]:
        LongLine.Run(NumberOr(20_000));
        return;
    case ["memory"]:
        ManyKeys.Memory();
        return;
}

BenchmarkSwitcher.FromTypes([typeof(Grant), typeof(Shared)]).Run(args);

int NumberOr(int usual) => args is [_, var number] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : usual;
