import { Component, createElement, type ComponentType } from 'preact';

/// A component that is drawn again only when its properties are others.
export function memo<Props extends object>(Inner: ComponentType<Props>): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const now = this.props as Record<string, unknown>;
      return Object.entries(next).some(([name, value]) => now[name] !== value);
    }
    override render() {
      return createElement(Inner, this.props as Props);
    }
  };
}
